(** exp on fixed-point intervals: Taylor's polynomial for small arguments, tables for the rest.

    The argument is split into its integer part and groups of bits after the point; e to the power of
    each group is looked up, what is left is small. Tables are powers of one entry, so every entry is
    an enclosure by [mul_nonneg]; nothing else has to be believed of them. *)
From Coq Require Import Reals ZArith List Lra Lia Psatz Bool.
From ExactQSE Require Import Sums FixedPoint.
Import ListNotations.
Open Scope R_scope.

(** ** Taylor's polynomial with its remainder *)
Fixpoint taylor_sum (n : nat) (x : R) : R :=
  match n with O => 0 | S k => taylor_sum k x + x ^ k / INR (fact k) end.

Lemma taylor_sum_0 n : taylor_sum (S n) 0 = 1.
Proof.
  induction n as [|n IH]; [simpl; field|].
  change (taylor_sum (S n) 0 + 0 ^ S n / INR (fact (S n)) = 1).
  rewrite IH, pow_i by lia. unfold Rdiv. ring.
Qed.

Lemma INR_fact_S n : INR (fact (S n)) = INR (S n) * INR (fact n).
Proof. rewrite <- mult_INR. reflexivity. Qed.

Lemma term_derivative n x : derivable_pt_lim (fun x => x ^ S n / INR (fact (S n))) x (x ^ n / INR (fact n)).
Proof.
  pose proof (INR_fact_lt_0 n). assert (0 < INR (S n)) by (apply lt_0_INR; lia).
  replace (x ^ n / INR (fact n)) with (/ INR (fact (S n)) * (INR (S n) * x ^ pred (S n)))
    by (rewrite INR_fact_S; simpl pred; field; lra).
  apply derivable_pt_lim_ext with (fun x => mult_real_fct (/ INR (fact (S n))) (fun x => x ^ S n) x).
  - intros z. unfold mult_real_fct, Rdiv. ring.
  - apply derivable_pt_lim_scal, derivable_pt_lim_pow.
Qed.

Lemma taylor_sum_derivative n x : derivable_pt_lim (taylor_sum (S n)) x (taylor_sum n x).
Proof.
  induction n as [|n IH].
  - apply derivable_pt_lim_ext with (fun _ => 1); [intros z; simpl; field|apply derivable_pt_lim_const].
  - apply (derivable_pt_lim_plus (taylor_sum (S n)) (fun x => x ^ S n / INR (fact (S n))));
      [exact IH|apply term_derivative].
Qed.

(** A function that starts at 0 and does not fall is not negative. *)
Lemma grows_from_zero (f f' : R -> R) x : 0 <= x -> f 0 = 0 ->
  (forall z, derivable_pt_lim f z (f' z)) -> (forall z, 0 <= z <= x -> 0 <= f' z) -> 0 <= f x.
Proof.
  intros [Hx|<-] H0 Hd Hp; [|lra].
  destruct (MVT_cor2 f f' 0 x Hx) as (c & E & Hc); [intros; apply Hd|].
  assert (0 <= f' c * (x - 0)) by (apply Rmult_le_pos; [apply Hp|]; lra). lra.
Qed.

Lemma exp_1_le_3 : exp 1 <= 3.
Proof. apply exp_le_3. Qed.

Lemma remainder_bounds n x : 0 <= x <= 1 ->
  x ^ n / INR (fact n) <= exp x - taylor_sum n x <= 3 * (x ^ n / INR (fact n)).
Proof.
  revert x. induction n as [|n IH]; intros x Hx.
  - simpl. assert (1 <= exp x) by (rewrite <- exp_0; apply exp_mono; lra).
    assert (exp x <= 3) by (eapply Rle_trans; [apply exp_mono, Hx|apply exp_le_3]). lra.
  - assert (D : forall z, derivable_pt_lim (fun z => exp z - taylor_sum (S n) z) z (exp z - taylor_sum n z))
      by (intros z; apply (derivable_pt_lim_minus exp (taylor_sum (S n)));
          [apply derivable_pt_lim_exp|apply taylor_sum_derivative]).
    assert (Z0 : exp 0 - taylor_sum (S n) 0 = 0) by (rewrite exp_0, taylor_sum_0; lra).
    assert (P0 : 0 ^ S n / INR (fact (S n)) = 0) by (rewrite pow_i by lia; unfold Rdiv; ring).
    split.
    + apply Rminus_le. apply Ropp_le_cancel. rewrite Ropp_0, Ropp_minus_distr.
      apply (grows_from_zero (fun z => exp z - taylor_sum (S n) z - z ^ S n / INR (fact (S n)))
               (fun z => exp z - taylor_sum n z - z ^ n / INR (fact n))); [tauto|lra|..].
      * intros z. apply (derivable_pt_lim_minus (fun z => exp z - taylor_sum (S n) z)); [apply D|apply term_derivative].
      * intros z Hz. specialize (IH z). lra.
    + apply Rminus_le. apply Ropp_le_cancel. rewrite Ropp_0, Ropp_minus_distr.
      apply (grows_from_zero (fun z => 3 * (z ^ S n / INR (fact (S n))) - (exp z - taylor_sum (S n) z))
               (fun z => 3 * (z ^ n / INR (fact n)) - (exp z - taylor_sum n z))); [tauto|lra|..].
      * intros z. apply (derivable_pt_lim_minus (fun z => 3 * (z ^ S n / INR (fact (S n))))); [|apply D].
        apply (derivable_pt_lim_scal (fun z => z ^ S n / INR (fact (S n)))), term_derivative.
      * intros z Hz. specialize (IH z). lra.
Qed.

Lemma remainder_factor n x : 0 <= x <= 1 ->
  exists theta, 1 <= theta <= 3 /\ exp x = taylor_sum n x + x ^ n / INR (fact n) * theta.
Proof.
  intros Hx. pose proof (remainder_bounds n x Hx) as B. set (t := x ^ n / INR (fact n)) in *.
  assert (Ht : 0 <= t).
  { apply Rmult_le_pos; [apply pow_le; lra|apply Rlt_le, Rinv_0_lt_compat, INR_fact_lt_0]. }
  destruct Ht as [Ht|Ht].
  - exists ((exp x - taylor_sum n x) / t). split; [|field; lra].
    split; (apply Rmult_le_reg_r with t; [assumption|]);
      replace ((exp x - taylor_sum n x) / t * t) with (exp x - taylor_sum n x) by (field; lra); lra.
  - exists 1. lra.
Qed.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Let Hu : 0 < unit p := unit_pos p Hp.

(** [2^p]; shifts are faster than powers. *)
Definition one : Z := Z.shiftl 1 p.

Lemma one_unit : IZR one = unit p.
Proof. unfold one. rewrite shiftl_unit by assumption. ring. Qed.

Lemma one_pos : (0 < one)%Z.
Proof. apply lt_IZR. rewrite one_unit. exact Hu. Qed.

(** Horner's rule for [exp r = 1 + r/1 (1 + r/2 (1 + ...))], [0 <= r <= 1]. *)
Fixpoint taylor (r : Z) (fuel : nat) (k : Z) : interval :=
  match fuel with
  | O => (one, 3 * one)%Z
  | S f => let inner := taylor r f (k + 1)%Z in
           let product := (r * fst inner)%Z in
           (one + down product p / k,
            one + ceil_div (up (product + (snd inner - fst inner) * r) p) k)%Z
  end.

Lemma horner_step r k inner theta : (0 <= r)%Z -> (0 < k)%Z -> (0 <= fst inner)%Z ->
  encloses p inner theta ->
  encloses p (one + down (r * fst inner) p / k, one + ceil_div (up (r * snd inner) p) k)%Z
    (1 + IZR r / unit p / IZR k * theta).
Proof.
  intros Hr Hk H0 [L H]. unfold encloses; simpl. rewrite !plus_IZR, one_unit.
  pose proof (floor_div_le (down (r * fst inner) p) k Hk) as F.
  pose proof (ceil_div_ge (up (r * snd inner) p) k Hk) as C.
  pose proof (down_le (r * fst inner) p Hp) as D. pose proof (up_ge (r * snd inner) p Hp) as U.
  rewrite mult_IZR in D, U. apply IZR_le in Hr. apply IZR_lt in Hk.
  replace ((1 + IZR r / unit p / IZR k * theta) * unit p) with (unit p + IZR r * theta / IZR k) by (field; lra).
  assert (E : IZR r * theta / IZR k * IZR k = IZR r * theta) by (field; lra).
  split; apply Rplus_le_compat_l; apply Rmult_le_reg_r with (IZR k); try assumption; rewrite E.
  - eapply Rle_trans; [exact F|]. apply Rmult_le_reg_r with (unit p); [assumption|]. nra.
  - eapply Rle_trans; [|exact C]. apply Rmult_le_reg_r with (unit p); [assumption|]. nra.
Qed.

Lemma taylor_correct r fuel : forall n, (0 <= r <= one)%Z ->
  (one <= fst (taylor r fuel (Z.of_nat (S n))))%Z /\
  exists theta, encloses p (taylor r fuel (Z.of_nat (S n))) theta /\
    exp (IZR r / unit p) = taylor_sum n (IZR r / unit p) + (IZR r / unit p) ^ n / INR (fact n) * theta.
Proof.
  induction fuel as [|f IH]; intros n Hr.
  - split; [simpl; lia|]. destruct (remainder_factor n (IZR r / unit p)) as (theta & Ht & E).
    { destruct Hr as [H0 H1]. apply IZR_le in H0, H1. rewrite one_unit in H1.
      split; apply Rmult_le_reg_r with (unit p); try assumption; unfold Rdiv;
        rewrite Rmult_assoc, Rinv_l by lra; lra. }
    exists theta. split; [|exact E]. unfold encloses; cbn [taylor fst snd]. rewrite mult_IZR, one_unit.
    split; [|apply Rmult_le_compat_r]; try lra.
    rewrite <- (Rmult_1_l (unit p)) at 1. apply Rmult_le_compat_r; lra.
  - destruct (IH (S n) Hr) as (H1 & theta & Ht & E).
    assert (Hone : (0 < one)%Z) by apply one_pos.
    replace (Z.of_nat (S (S n))) with (Z.of_nat (S n) + 1)%Z in * by lia.
    split.
    + cbn [taylor fst].
      assert (0 <= down (r * fst (taylor r f (Z.of_nat (S n) + 1))) p / Z.of_nat (S n))%Z; [|lia].
      apply Z.div_pos; [|lia]. apply Z.shiftr_nonneg. nia.
    + exists (1 + IZR r / unit p / IZR (Z.of_nat (S n)) * theta). split.
      * cbn [taylor]. replace (r * fst (taylor r f (Z.of_nat (S n) + 1)) +
          (snd (taylor r f (Z.of_nat (S n) + 1)) - fst (taylor r f (Z.of_nat (S n) + 1))) * r)%Z
          with (r * snd (taylor r f (Z.of_nat (S n) + 1)))%Z by ring.
        apply (horner_step r _ (taylor r f (Z.of_nat (S n) + 1))); [lia|lia|lia|exact Ht].
      * rewrite E. cbn [taylor_sum]. rewrite <- INR_IZR_INZ, INR_fact_S.
        pose proof (INR_fact_lt_0 n). assert (0 < INR (S n)) by (apply lt_0_INR; lia).
        rewrite <- (tech_pow_Rmult (IZR r / unit p) n). field. repeat split; lra.
Qed.

(** What a table entry or a partial product is: an enclosure with a nonnegative lower end. *)
Definition good (i : interval) (x : R) : Prop := (0 <= fst i)%Z /\ encloses p i x.

Lemma good_mul i j x y : good i x -> good j y -> good (mul_nonneg p i j) (x * y).
Proof.
  intros [H0 H1] [H2 H3]. destruct (mul_nonneg_correct p Hp i j x y H0 H2 H1 H3). now split.
Qed.

Definition small_exp (terms : nat) (r : Z) : option interval :=
  if (0 <=? r)%Z && (r <=? one)%Z then Some (taylor r terms 1) else None.

Lemma small_exp_correct terms r i : small_exp terms r = Some i -> good i (exp (IZR r / unit p)).
Proof.
  unfold small_exp. destruct (Z.leb_spec 0 r), (Z.leb_spec r one); simpl; try discriminate.
  intros E; injection E as <-. destruct (taylor_correct r terms 0) as (H1 & theta & Ht & E); [lia|].
  change (Z.of_nat 1) with 1%Z in *.
  assert (0 < one)%Z by apply one_pos. split; [lia|].
  apply encloses_ext with theta; [|assumption]. rewrite E. simpl. field.
Qed.

(** ** Tables of powers *)
Fixpoint powers (n : nat) (e cur : interval) : list interval :=
  match n with O => [] | S m => cur :: powers m e (mul_nonneg p cur e) end.

Lemma powers_correct e x n : good e x -> forall cur y i v, good cur y ->
  nth_error (powers n e cur) i = Some v -> good v (y * x ^ i).
Proof.
  intros He. induction n as [|n IH]; intros cur y [|i] v Hc; simpl; try discriminate.
  - intros E; injection E as <-. now rewrite Rmult_1_r.
  - intros E. replace (y * (x * x ^ i)) with ((y * x) * x ^ i) by ring.
    eapply IH; [|exact E]. now apply good_mul.
Qed.

Fixpoint power (e : interval) (n : positive) : interval :=
  match n with
  | xH => e
  | xO m => let h := power e m in mul_nonneg p h h
  | xI m => let h := power e m in mul_nonneg p e (mul_nonneg p h h)
  end.

Lemma power_correct e x n : good e x -> good (power e n) (x ^ Pos.to_nat n).
Proof.
  intros He. induction n as [n IH|n IH|]; simpl power.
  - rewrite Pos2Nat.inj_xI. replace (S (2 * Pos.to_nat n)) with (S (Pos.to_nat n + Pos.to_nat n)) by lia.
    simpl pow. rewrite pow_add. now apply good_mul; [|apply good_mul].
  - rewrite Pos2Nat.inj_xO. replace (2 * Pos.to_nat n)%nat with (Pos.to_nat n + Pos.to_nat n)%nat by lia.
    rewrite pow_add. now apply good_mul.
  - simpl. now rewrite Rmult_1_r.
Qed.

Lemma exp_pow x n : exp x ^ n = exp (INR n * x).
Proof.
  induction n as [|n IH]; [simpl; now rewrite Rmult_0_l, exp_0|].
  simpl pow. rewrite IH, <- exp_plus, S_INR. f_equal. ring.
Qed.

Record tables := Tables {
  terms : nat;                             (* of Taylor's polynomial *)
  base : interval; inverse : interval;     (* e and 1/e *)
  above : list interval;                   (* e^i *)
  below : list interval;                   (* e^-i *)
  levels : list (Z * list interval) }.     (* (s, e^(i / 2^s)), s growing *)

Definition is_table (x : R) (l : list interval) : Prop :=
  forall i v, nth_error l i = Some v -> good v (exp (INR i * x)).

Definition sound (t : tables) : Prop :=
  good (base t) (exp 1) /\ good (inverse t) (exp (-1)) /\
  is_table 1 (above t) /\ is_table (-1) (below t) /\
  Forall (fun level => (0 <= fst level <= p)%Z /\ is_table (/ unit (fst level)) (snd level)) (levels t).

Lemma table_of_powers e x n : good e (exp x) -> is_table x (powers n e (one, one)).
Proof.
  intros He i v H.
  assert (G1 : good (one, one) 1).
  { split; simpl; [apply Z.lt_le_incl, one_pos|]. unfold encloses; cbn [fst snd].
    rewrite one_unit. lra. }
  apply (powers_correct e (exp x) n He (one, one) 1 i v G1) in H.
  rewrite Rmult_1_l, exp_pow in H. exact H.
Qed.

(** ** The exponential of a point *)
Fixpoint fraction (t : nat) (ls : list (Z * list interval)) (r : Z) : option interval :=
  match ls with
  | [] => small_exp t r
  | (s, table) :: rest =>
      let i := Z.shiftr r (p - s) in
      match nth_error table (Z.to_nat i) with
      | Some v => if (0 <=? i)%Z then
          match fraction t rest (r - Z.shiftl i (p - s)) with
          | Some w => Some (mul_nonneg p v w)
          | None => None
          end else None
      | None => None
      end
  end.

Lemma fraction_correct t ls :
  Forall (fun level => (0 <= fst level <= p)%Z /\ is_table (/ unit (fst level)) (snd level)) ls ->
  forall r i, fraction t ls r = Some i -> good i (exp (IZR r / unit p)).
Proof.
  induction 1 as [|[s table] rest [Hs Ht] _ IH]; intros r i; simpl; [apply small_exp_correct|].
  simpl in Hs, Ht.
  destruct (nth_error table _) as [v|] eqn:Ev; [|discriminate].
  destruct (Z.leb_spec 0 (Z.shiftr r (p - s))) as [Hi|]; [|discriminate].
  destruct (fraction t rest _) as [w|] eqn:Ew; [|discriminate].
  intros E; injection E as <-. apply IH in Ew. apply Ht in Ev.
  set (d := Z.shiftr r (p - s)) in *.
  replace (exp (IZR r / unit p)) with
    (exp (INR (Z.to_nat d) * / unit s) * exp (IZR (r - Z.shiftl d (p - s)) / unit p));
    [now apply good_mul|].
  rewrite <- exp_plus. f_equal. rewrite INR_IZR_INZ, Z2Nat.id by assumption.
  rewrite minus_IZR, shiftl_unit by lia.
  assert (E : unit p = unit s * unit (p - s)).
  { rewrite <- unit_shift by lia. f_equal. lia. }
  pose proof (unit_pos s ltac:(lia)). pose proof (unit_pos (p - s) ltac:(lia)).
  rewrite E. field. lra.
Qed.

Definition max_exponent : Z := 16384.

Definition whole (t : tables) (k : Z) : interval :=
  match nth_error (if (0 <=? k)%Z then above t else below t) (Z.to_nat (Z.abs k)) with
  | Some v => v
  | None => match k with
            | Z0 => (one, one)
            | Zpos n => power (base t) n
            | Zneg n => power (inverse t) n
            end
  end.

Lemma whole_correct t k : sound t -> good (whole t k) (exp (IZR k)).
Proof.
  intros (Hb & Hi & Ha & Hl & _). unfold whole.
  assert (EP : forall n, exp (IZR (Zpos n)) = exp 1 ^ Pos.to_nat n).
  { intros n. rewrite exp_pow. f_equal. rewrite INR_IZR_INZ, positive_nat_Z. ring. }
  assert (EN : forall n, exp (IZR (Zneg n)) = exp (-1) ^ Pos.to_nat n).
  { intros n. rewrite exp_pow. f_equal. rewrite INR_IZR_INZ, positive_nat_Z.
    replace (Zneg n) with (- Zpos n)%Z by reflexivity. rewrite opp_IZR. ring. }
  destruct (nth_error _ _) as [v|] eqn:Ev.
  - destruct (Z.leb_spec 0 k).
    + apply Ha in Ev. rewrite INR_IZR_INZ, Z2Nat.id, Z.abs_eq in Ev by lia.
      now rewrite Rmult_1_r in Ev.
    + apply Hl in Ev. rewrite INR_IZR_INZ, Z2Nat.id, Z.abs_neq in Ev by lia.
      rewrite opp_IZR in Ev. now replace (- IZR k * -1) with (IZR k) in Ev by ring.
  - destruct k as [|n|n]; [|rewrite EP; now apply power_correct|rewrite EN; now apply power_correct].
    rewrite exp_0. split; simpl; [apply Z.lt_le_incl, one_pos|].
    unfold encloses; cbn [fst snd]. rewrite one_unit. lra.
Qed.

(** None for exponents of [max_exponent] and more. *)
Definition exp_point (t : tables) (x : Z) : option interval :=
  let k := Z.shiftr x p in
  if (max_exponent <=? k)%Z then None else
  match fraction (terms t) (levels t) (x - Z.shiftl k p) with
  | Some f => Some (mul_nonneg p (whole t k) f)
  | None => None
  end.

Lemma exp_point_correct t x i : sound t -> exp_point t x = Some i -> good i (exp (IZR x / unit p)).
Proof.
  intros Ht. unfold exp_point. destruct (_ <=? _)%Z; [discriminate|].
  destruct (fraction _ _ _) as [f|] eqn:E; [|discriminate]. intros H; injection H as <-.
  apply fraction_correct in E; [|apply Ht].
  set (k := Z.shiftr x p) in *.
  replace (exp (IZR x / unit p)) with (exp (IZR k) * exp (IZR (x - Z.shiftl k p) / unit p)).
  - apply good_mul; [now apply whole_correct|assumption].
  - rewrite <- exp_plus. f_equal. rewrite minus_IZR, shiftl_unit by assumption. field. lra.
Qed.

(** Of an interval. *)
Definition exp_interval (t : tables) (x : interval) : option interval :=
  match exp_point t (fst x), exp_point t (snd x) with
  | Some l, Some h => Some (fst l, snd h)
  | _, _ => None
  end.

Lemma exp_interval_correct t x z i : sound t -> encloses p x z -> exp_interval t x = Some i ->
  good i (exp z).
Proof.
  intros Ht [L H]. unfold exp_interval.
  destruct (exp_point t (fst x)) as [l|] eqn:El; [|discriminate].
  destruct (exp_point t (snd x)) as [h|] eqn:Eh; [|discriminate]. intros E; injection E as <-.
  apply exp_point_correct in El, Eh; try assumption. destruct El as [El0 [El _]], Eh as [_ [_ Eh]].
  split; [assumption|]. unfold encloses; simpl.
  assert (A : exp (IZR (fst x) / unit p) <= exp z).
  { apply exp_mono. apply Rmult_le_reg_r with (unit p); [assumption|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  assert (B : exp z <= exp (IZR (snd x) / unit p)).
  { apply exp_mono. apply Rmult_le_reg_r with (unit p); [assumption|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  split; nra.
Qed.

(** ** Making the tables *)
Definition group : Z := 7.               (* bits to a level *)
Definition entries : nat := 128.

Definition level (terms : nat) (s : Z) : option (Z * list interval) :=
  if (0 <=? s)%Z && (s <=? p)%Z then
    match small_exp terms (Z.shiftl 1 (p - s)) with
    | Some e => Some (s, powers entries e (one, one))
    | None => None
    end
  else None.

Fixpoint all_levels (terms n : nat) (s : Z) : option (list (Z * list interval)) :=
  match n with
  | O => Some []
  | S m => match level terms s, all_levels terms m (s + group) with
           | Some l, Some rest => Some (l :: rest)
           | _, _ => None
           end
  end.

Definition reciprocal (e : interval) : option interval :=
  if (0 <? fst e)%Z then Some (quotient p (one, one) e) else None.

Definition make_tables (slow quick depth size : nat) : option tables :=
  match small_exp slow one with
  | Some e => match reciprocal e, all_levels slow depth group with
              | Some i, Some ls => if (0 <=? fst i)%Z then
                  Some (Tables quick e i (powers size e (one, one)) (powers size i (one, one)) ls) else None
              | _, _ => None
              end
  | None => None
  end.

Lemma level_correct n s l : level n s = Some l ->
  (0 <= fst l <= p)%Z /\ is_table (/ unit (fst l)) (snd l).
Proof.
  unfold level. destruct (Z.leb_spec 0 s), (Z.leb_spec s p); simpl; try discriminate.
  destruct (small_exp _ _) as [e|] eqn:E; [|discriminate]. intros H1; injection H1 as <-. cbn [fst snd].
  split; [lia|]. refine (table_of_powers e (/ unit s) entries _). apply small_exp_correct in E.
  rewrite shiftl_unit in E by lia. rewrite Rmult_1_l in E.
  replace (/ unit s) with (unit (p - s) / unit p); [assumption|].
  replace (unit p) with (unit s * unit (p - s)) by (rewrite <- unit_shift by lia; f_equal; lia).
  pose proof (unit_pos s ltac:(lia)). pose proof (unit_pos (p - s) ltac:(lia)). field. lra.
Qed.

Lemma make_tables_sound slow quick depth size t : make_tables slow quick depth size = Some t -> sound t.
Proof.
  unfold make_tables. destruct (small_exp slow one) as [e|] eqn:Ee; [|discriminate].
  destruct (reciprocal e) as [i|] eqn:Ei; [|discriminate].
  destruct (all_levels slow depth group) as [ls|] eqn:El; [|discriminate].
  destruct (Z.leb_spec 0 (fst i)) as [Hi|]; [|discriminate]. intros H; injection H as <-.
  apply small_exp_correct in Ee. rewrite one_unit in Ee.
  replace (unit p / unit p) with 1 in Ee by (field; lra).
  assert (Gi : good i (exp (-1))).
  { unfold reciprocal in Ei. destruct (Z.ltb_spec 0 (fst e)) as [H0|]; [|discriminate].
    injection Ei as <-. split; [assumption|].
    apply encloses_ext with (1 / exp 1).
    { replace (-1) with (- (1)) by ring. rewrite exp_Ropp. unfold Rdiv. ring. }
    apply quotient_correct; try assumption; [|apply Ee].
    unfold encloses; cbn [fst snd]. rewrite one_unit. lra. }
  split; [exact Ee|]. split; [exact Gi|]. split; [exact (table_of_powers e 1 size Ee)|].
  split; [exact (table_of_powers i (-1) size Gi)|]. cbn [levels].
  clear - Hp Hu El. revert ls El. generalize group at 1 as s. induction depth as [|n IH]; simpl; intros s ls.
  - intros H; injection H as <-. constructor.
  - destruct (level slow s) as [l|] eqn:E; [|discriminate].
    destruct (all_levels slow n (s + group)) as [rest|] eqn:Er; [|discriminate].
    intros H; injection H as <-. constructor; [exact (level_correct _ _ _ E)|exact (IH _ _ Er)].
Qed.
End Precision.
