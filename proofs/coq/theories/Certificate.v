(** Certificates of a myopic follower's game, the checker, and its soundness
    (proofs/certificate-format.md, proofs/certificate-soundness.md; exactqse/kernel/check.py).

    [accepted] is a program; [accepted_sound] says what it proves:
    every policy is worth at most [upper], and the certificate's own at least [lower]. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums FixedPoint Exponential Logarithm LogTables JointMajorant Game Stage Trees.
Import ListNotations.
Open Scope R_scope.

(** The claim at a state: no prescription is worth more than [bound]; [plan] and [trees] by cell. *)
Record node := Node { state : nat; bound : Q; shift : Z; plan : list row; trees : list (list entry) }.

(** Checked at [precision] bits, leaves first at the fewer of [roughness], and its policy evaluated at
    [fineness] bits: more, as [lower] is near the policy's value where [upper] may be far from the optimum. *)
Record certificate := Certificate {
  roughness : list Z; precision : Z; fineness : Z; lower : Q; upper : Q; layers : list (list node) (* by step *) }.

Fixpoint lookup {T} (l : list (nat * T)) (s : nat) : option T :=
  match l with
  | [] => None
  | (t, v) :: rest => if (s =? t)%nat then Some v else lookup rest s
  end.

Fixpoint find_node (l : list node) (s : nat) : option node :=
  match l with
  | [] => None
  | v :: rest => if (s =? state v)%nat then Some v else find_node rest s
  end.

(** The row of the cell that [b] is in. *)
Fixpoint cell_row (cells : list (list nat)) (rows : list row) (b : nat) : row :=
  match cells, rows with
  | c :: cs, w :: ws => if existsb (Nat.eqb b) c then w else cell_row cs ws b
  | _, _ => no_row
  end.

(** The policy of the distributions that are given by the step and state; where none are, action 0. *)
Definition policy_from (G : table) (plans : nat -> nat -> option (list row)) : policy := fun h s b a =>
  match plans h s with
  | Some rows => mass (cell_row (observes_ G) rows b) a
  | None => if (a =? 0)%nat then 1 else 0
  end.

(** Of form: distributions over the leader's actions. *)
Definition rows_formed (G : table) (rows : list row) : bool :=
  forallb (is_row (A_ G)) (map (cell_row (observes_ G) rows) (seq 0 (B_ G))).

(** The row of one's own cell. *)
Lemma cell_row_same cells rows cell b b' : NoDup (concat cells) -> In cell cells -> In b cell -> In b' cell ->
  cell_row cells rows b = cell_row cells rows b'.
Proof.
  revert rows. induction cells as [|d ds IH]; intros [|w ws] Hn Hcell Hb Hb'; simpl; try tauto.
  simpl in Hn.
  assert (Hd : forall x, In x (concat ds) -> existsb (Nat.eqb x) d = false).
  { intros x Hx. apply not_true_is_false. rewrite existsb_exists. intros (y & Hy & E). apply Nat.eqb_eq in E. subst y.
    clear - Hn Hx Hy. induction d as [|e d IHd]; simpl in *; [tauto|]. inversion_clear Hn as [|? ? Hnot Hn'].
    destruct Hy as [->|Hy]; [|auto]. apply Hnot, in_or_app. now right. }
  destruct Hcell as [->|Hcell].
  - assert (E : forall x, In x cell -> existsb (Nat.eqb x) cell = true).
    { intros x Hx. apply existsb_exists. exists x. split; [assumption|apply Nat.eqb_refl]. }
    now rewrite !E by assumption.
  - rewrite !Hd by (apply in_concat; now exists cell). apply IH; auto.
    clear - Hn. induction d as [|e d IHd]; simpl in *; [assumption|]. inversion_clear Hn. auto.
Qed.

Lemma pure_row G : is_tables G = true -> simplex (fun a => if (a =? 0)%nat then 1 else 0) (seq 0 (A_ G)).
Proof.
  intros HT. destruct (table_facts G HT) as (_ & _ & HA & _). split; [intros a _; destruct (a =? 0)%nat; lra|].
  apply rsum_single; [apply seq_NoDup|apply in_seq; lia].
Qed.

Theorem policy_from_admissible G plans : is_tables G = true ->
  (forall h s rows, (h < H_ G)%nat -> plans h s = Some rows -> rows_formed G rows = true) ->
  admissible (meaning G) (policy_from G plans).
Proof.
  intros HT Hf h s Hh Hs. simpl in Hh, Hs. unfold policy_from.
  destruct (plans h s) as [rows|] eqn:Ev.
  - pose proof (Hf h s rows Hh Ev) as Hr. unfold rows_formed in Hr. rewrite (forallb_forall (is_row (A_ G))) in Hr. split.
    + intros b Hb. simpl. apply (mass_simplex (A_ G)). apply Hr, in_map, in_seq. simpl in Hb. lia.
    + intros cell b b' a Hc' Hb Hb'. simpl in Hc'.
      assert (Hnd : NoDup (concat (observes_ G))).
      { destruct (table_facts G HT) as (_ & Hpt & _). unfold is_partition in Hpt. rewrite !andb_true_iff in Hpt.
        apply distinct_NoDup, Hpt. }
      now rewrite (cell_row_same (observes_ G) rows cell b b').
  - split; [intros; now apply pure_row|reflexivity].
Qed.

(** The policy that a certificate exhibits. *)
Definition policy_of (G : table) (C : certificate) : policy :=
  policy_from G (fun h s => option_map plan (find_node (nth h (layers C) []) s)).

Fixpoint all_some {A B} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: t => match f a, all_some f t with Some v, Some r => Some (v :: r) | _, _ => None end
  end.

(** ** Rows of intervals *)
Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Variable c : context.
Hypothesis Hc : sound_context p c.
Let Hu : 0 < unit p := unit_pos p Hp.

Fixpoint weigh (l : list (nat * Z)) (f : nat -> option interval) : option interval :=
  match l with
  | [] => Some (0, 0)%Z
  | (t, n) :: rest =>
      match f t, weigh rest f with
      | Some v, Some w => Some (n * fst v + fst w, n * snd v + snd w)%Z
      | _, _ => None
      end
  end.

Definition row_interval (w : row) (f : nat -> option interval) : option interval :=
  match weigh (numerators w) f with
  | Some i => let d := Zpos (denominator w) in Some (floor_div (fst i) d, ceil_div (snd i) d)%Z
  | None => None
  end.

Definition nonnegative (l : list (nat * Z)) : Prop := forall t n, In (t, n) l -> (0 <= n)%Z.

Lemma is_row_nonnegative size w : is_row size w = true -> nonnegative (numerators w).
Proof.
  unfold is_row. rewrite andb_true_iff, forallb_forall. intros [H _] t n Hin. apply H in Hin.
  simpl in Hin. apply andb_true_iff in Hin. now apply Z.leb_le.
Qed.

Lemma is_row_size size w t n : is_row size w = true -> In (t, n) (numerators w) -> (t < size)%nat.
Proof.
  unfold is_row. rewrite andb_true_iff, forallb_forall. intros [H _] Hin. apply H in Hin.
  simpl in Hin. apply andb_true_iff in Hin. now apply Nat.ltb_lt.
Qed.

Lemma weigh_correct l f g i : nonnegative l -> weigh l f = Some i ->
  (forall t n v, In (t, n) l -> f t = Some v -> encloses p v (g t)) ->
  encloses p i (rsum (fun tn => IZR (snd tn) * g (fst tn)) l) /\ forall t n, In (t, n) l -> exists v, f t = Some v.
Proof.
  revert i. induction l as [|[t n] l IH]; simpl; intros i Hn E Hf.
  - injection E as <-. split; [unfold encloses; simpl; lra|tauto].
  - destruct (f t) as [v|] eqn:Ev; [|discriminate]. destruct (weigh l f) as [w|] eqn:Ew; [|discriminate].
    injection E as <-. destruct (IH w) as [[W1 W2] Hd].
    { intros t' n' Hin. apply (Hn t' n'). now right. }
    { reflexivity. }
    { intros t' n' v' Hin. apply (Hf t' n' v'). now right. }
    destruct (Hf t n v (or_introl eq_refl) Ev) as [V1 V2].
    pose proof (Hn t n (or_introl eq_refl)) as N. apply IZR_le in N.
    split.
    + unfold encloses; cbn [fst snd]. rewrite !plus_IZR, !mult_IZR. nra.
    + intros t' n' [H|Hin]; [injection H as <- <-; now exists v|now apply (Hd t' n')].
Qed.

Lemma row_interval_correct w f g i : nonnegative (numerators w) -> row_interval w f = Some i ->
  (forall t n v, In (t, n) (numerators w) -> f t = Some v -> encloses p v (g t)) ->
  encloses p i (row_mean w g) /\ forall t n, In (t, n) (numerators w) -> exists v, f t = Some v.
Proof.
  intros Hn. unfold row_interval. destruct (weigh _ f) as [j|] eqn:E; [|discriminate].
  intros H Hf; injection H as <-. destruct (weigh_correct _ _ _ _ Hn E Hf) as [[L H] Hd].
  split; [|assumption].
  set (d := Zpos (denominator w)). assert (Rd : 0 < IZR d) by (apply IZR_lt; reflexivity).
  assert (Em : row_mean w g = rsum (fun tn => IZR (snd tn) * g (fst tn)) (numerators w) / IZR d).
  { unfold row_mean, Rdiv. rewrite <- rsum_scale_r. apply rsum_ext. intros; fold d; ring. }
  pose proof (floor_div_le (fst j) d ltac:(reflexivity)) as F.
  pose proof (ceil_div_ge (snd j) d ltac:(reflexivity)) as C.
  rewrite Em. set (z := rsum _ _) in *. unfold encloses; cbn [fst snd]. rewrite floor_div_eq.
  replace (z / IZR d * unit p) with (z * unit p / IZR d) by (field; lra).
  split; apply Rmult_le_reg_r with (IZR d); try assumption;
    replace (z * unit p / IZR d * IZR d) with (z * unit p) by (field; lra); lra.
Qed.

(** ** One node *)
Section Node.
Variable G : table.
Hypothesis HG : is_game G = true.

(** [after] holds enclosures of the next step's values; None after the last step. *)
Definition after_type := option (list (nat * interval)).

Definition continuation (after : after_type) (h s a b : nat) : option interval :=
  let reward := enclose p (u_at G h s a b) in
  match after with
  | None => Some reward
  | Some l => match row_interval (P_at G h s a b) (lookup l) with
              | Some i => Some (add reward i)
              | None => None
              end
  end.

Definition scaled_reward (h s a b : nat) : interval :=
  let e := finite_eta G in let q := r_at G h s a b in
  enclose_ratio p (Qnum e * Qnum q) (Zpos (Qden e * Qden q)).

Lemma scaled_reward_correct h s a b : encloses p (scaled_reward h s a b) (Q2R (finite_eta G) * Q2R (r_at G h s a b)).
Proof.
  unfold scaled_reward. destruct (finite_eta G) as [n d], (r_at G h s a b) as [m e]. unfold Q2R; cbn [Qnum Qden].
  eapply encloses_ext; [|apply enclose_ratio_correct; [assumption|reflexivity]].
  rewrite Pos2Z.inj_mul, !mult_IZR. field.
  split; apply Rgt_not_eq, IZR_lt; reflexivity.
Qed.

(** The functions that [after] may stand for. *)
Definition stands_for (after : after_type) (g : nat -> R) : Prop :=
  match after with
  | None => forall s, g s = 0
  | Some l => forall s i, lookup l s = Some i -> encloses p i (g s)
  end.

Definition known (after : after_type) (s : nat) : Prop :=
  match after with None => True | Some l => exists i, lookup l s = Some i end.

Lemma row_mean_zero w g : (forall s, g s = 0) -> row_mean w g = 0.
Proof.
  intros H. unfold row_mean. rewrite (rsum_ext _ (fun _ => 0)); [apply rsum_zero|].
  intros; rewrite H; ring.
Qed.

Lemma continuation_correct after g h s a b i : is_row (S_ G) (P_at G h s a b) = true ->
  stands_for after g -> continuation after h s a b = Some i ->
  encloses p i (Q2R (u_at G h s a b) + row_mean (P_at G h s a b) g) /\
  forall t n, In (t, n) (numerators (P_at G h s a b)) -> known after t.
Proof.
  intros Hw Hg. unfold continuation. destruct after as [l|]; simpl in *.
  - destruct (row_interval _ _) as [j|] eqn:E; [|discriminate]. intros H; injection H as <-.
    apply (row_interval_correct _ _ g) in E; [|eapply is_row_nonnegative; eassumption|intros; auto].
    destruct E as [E Hd]. split; [|exact Hd].
    apply add_correct; [now apply enclose_correct|exact E].
  - intros H; injection H as <-. rewrite row_mean_zero by assumption. rewrite Rplus_0_r.
    split; [now apply enclose_correct|tauto].
Qed.

(** *** The upper bound *)
Definition column (after : after_type) (sigma : Z) (h s : nat) (cell : list nat) (a : nat) : option corner :=
  match all_some (fun b => match continuation after h s a b with
                           | Some y => Some (shift_by p sigma (scaled_reward h s a b), y)
                           | None => None
                           end) cell with
  | Some vs => Some (0%Z, vs)
  | None => None
  end.

Variable tables : ln_tables.
Hypothesis Htables : sound_tables p tables.
Variable rough : list rough_tables.
Hypothesis Hrough : sound_rough p rough.

(** Where there is one cell all that matters is whether its sums are at most 0. *)
Definition floor : option Z := match observes_ G with [_] => Some 0%Z | _ => None end.

Definition cell_bound (after : after_type) (lam : interval) (sigma : Z) (h s : nat) (cell : list nat)
    (tree : list entry) : option Z :=
  match all_some (column after sigma h s cell) (seq 0 (A_ G)) with
  | Some v => tree_bound p tables rough lam floor tree v
  | None => None
  end.

Fixpoint cells_bound (after : after_type) (lam : interval) (sigma : Z) (h s : nat)
    (cells : list (list nat)) (ts : list (list entry)) : option Z :=
  match cells, ts with
  | [], [] => Some 0%Z
  | cell :: cells', tree :: ts' =>
      match cell_bound after lam sigma h s cell tree, cells_bound after lam sigma h s cells' ts' with
      | Some a, Some b => Some (a + b)%Z
      | _, _ => None
      end
  | _, _ => None
  end.

Definition node_bounded (after : after_type) (h : nat) (v : node) : bool :=
  (state v <? S_ G)%nat &&
  match cells_bound after (enclose p (bound v)) (shift v) h (state v) (observes_ G) (trees v) with
  | Some z => (z <=? 0)%Z
  | None => false
  end.

Lemma all_some_nth {A B} (f : A -> option B) l : forall r, all_some f l = Some r ->
  length r = length l /\
  forall i x v, nth_error l i = Some x -> nth_error r i = Some v -> f x = Some v.
Proof.
  induction l as [|a t IH]; simpl; intros r.
  - intros H; injection H as <-. split; [reflexivity|]. intros [|i]; discriminate.
  - destruct (f a) as [v|] eqn:E; [|discriminate]. destruct (all_some f t) as [r'|]; [|discriminate].
    intros H; injection H as <-. destruct (IH r' eq_refl) as [Hl Hn]. split; [simpl; congruence|].
    intros [|i] x w; simpl; [intros H1 H2; congruence|apply Hn].
Qed.

Lemma all_some_in {A B} (f : A -> option B) l r x : all_some f l = Some r -> In x l -> exists v, f x = Some v.
Proof.
  revert r. induction l as [|a t IH]; simpl; intros r; [tauto|].
  destruct (f a) as [v|] eqn:E; [|discriminate]. destruct (all_some f t) as [r'|]; [|discriminate].
  intros _ [<-|Hin]; [now exists v|]. now apply (IH r').
Qed.

Lemma all_some_Forall2 {A B} (f : A -> option B) l r : all_some f l = Some r ->
  Forall2 (fun a b => f a = Some b) l r.
Proof.
  revert r. induction l as [|a t IH]; simpl; intros r; [intros H; injection H as <-; constructor|].
  destruct (f a) as [v|] eqn:E; [|discriminate]. destruct (all_some f t) as [r'|]; [|discriminate].
  intros H; injection H as <-. constructor; auto.
Qed.

Lemma Forall2_weaken {A B} (Q Q' : A -> B -> Prop) l r : Forall2 Q l r ->
  (forall a b, In a l -> Q a b -> Q' a b) -> Forall2 Q' l r.
Proof.
  induction 1 as [|a b l r Hab _ IH]; intros H; constructor; [apply H; [now left|assumption]|].
  apply IH. intros a' b' Hin. apply H. now right.
Qed.

Section Bound.
Variables (h s : nat) (after : after_type) (g : nat -> R).
Hypotheses (Hh : (h < H_ G)%nat) (Hs : (s < S_ G)%nat) (Hg : stands_for after g).

Let X (sigma : Z) (a b : nat) : R := Q2R (finite_eta G) * Q2R (r_at G h s a b) - IZR sigma.
Let Y (a b : nat) : R := Q2R (u_at G h s a b) + row_mean (P_at G h s a b) g.

Lemma row_here a b : (a < A_ G)%nat -> (b < B_ G)%nat -> is_row (S_ G) (P_at G h s a b) = true.
Proof. destruct (game_facts G HG) as (_ & _ & _ & _ & _ & _ & H). intros. now apply H. Qed.

Lemma column_correct sigma cell a v : (a < A_ G)%nat -> (forall b, In b cell -> (b < B_ G)%nat) ->
  column after sigma h s cell a = Some v ->
  corner_ok p cell v (X sigma a) (Y a) /\
  forall b t n, In b cell -> In (t, n) (numerators (P_at G h s a b)) -> known after t.
Proof.
  intros Ha Hb. unfold column. destruct (all_some _ cell) as [vs|] eqn:E; [|discriminate].
  intros H; injection H as <-. split.
  - split; [simpl; lia|]. cbn [fst snd]. apply all_some_Forall2 in E.
    induction E as [|b v cell vs Ev _ IH]; constructor; [|apply IH; intros; apply Hb; now right].
    specialize (Hb b (or_introl eq_refl)).
    destruct (continuation after h s a b) as [y|] eqn:Ey; [|discriminate]. injection Ev as <-.
    apply (continuation_correct after g) in Ey; [|now apply row_here|assumption].
    unfold value_ok. rewrite Z.add_0_r. split; cbn [fst snd]; [|apply Ey].
    apply shift_by_correct; [assumption|]. apply scaled_reward_correct.
  - intros b t n Hin Ht. destruct (all_some_in _ _ _ b E Hin) as [v Ev].
    destruct (continuation after h s a b) as [y|] eqn:Ey; [|discriminate].
    apply (continuation_correct after g) in Ey; [|apply row_here; auto|assumption].
    destruct Ey as [_ Ey]. now apply (Ey t n).
Qed.

Variables (lam : interval) (L : R).
Hypothesis HL : encloses p lam L.

(** The sum over one cell of [exp (q_b - sigma) (w_b - L)]. *)
Definition cell_sum (sigma : Z) (alpha : nat -> nat -> R) (cell : list nat) : R :=
  rsum (fun b => exp (Q2R (finite_eta G) * mean_reward G alpha h s b - IZR sigma) *
    (mean_worth G alpha h s g b - L)) cell.

Lemma cell_bound_correct sigma cell tree z alpha :
  cell <> [] -> (forall b, In b cell -> (b < B_ G)%nat) ->
  (forall b, In b cell -> simplex (alpha b) (seq 0 (A_ G))) ->
  (forall b b' a, In b cell -> In b' cell -> alpha b a = alpha b' a) ->
  cell_bound after lam sigma h s cell tree = Some z ->
  cell_sum sigma alpha cell <= IZR z / unit p /\
  forall a b t n, (a < A_ G)%nat -> In b cell -> In (t, n) (numerators (P_at G h s a b)) -> known after t.
Proof.
  intros Hne Hb Hsx Heq. unfold cell_bound.
  destruct (all_some _ (seq 0 (A_ G))) as [v|] eqn:E; [|discriminate]. intros Et.
  destruct (all_some_nth _ _ _ E) as [Hl Hn].
  destruct (game_facts G HG) as (_ & _ & HA & _).
  destruct cell as [|b0 cell'] eqn:Ec; [easy|]. rewrite <- Ec in *.
  assert (Hb0 : In b0 cell) by (rewrite Ec; now left).
  split.
  - assert (Hpart : part_ok p (A_ G) cell v (X sigma) Y).
    { split; [now rewrite Hl, seq_length|]. intros a k Hk.
      assert (Ha : (a < A_ G)%nat).
      { rewrite seq_length in Hl. rewrite <- Hl. apply nth_error_Some. congruence. }
      apply column_correct; [assumption|assumption|].
      apply (Hn a a k); [|assumption]. rewrite nth_error_nth' with (d := 0%nat) by (rewrite seq_length; lia).
      now rewrite seq_nth by lia. }
    pose proof (tree_bound_correct p Hp tables Htables rough Hrough (A_ G) cell lam L HA HL floor tree v z (X sigma) Y Hpart Et) as Bd.
    specialize (Bd (alpha b0) (Hsx b0 Hb0)). unfold cell_sum.
    erewrite rsum_ext; [exact Bd|]. intros b Hin. cbv beta.
    assert (Ew : forall f, mean (alpha b) f (seq 0 (A_ G)) = mean (alpha b0) f (seq 0 (A_ G))).
    { intros f. apply rsum_ext. intros a _. now rewrite (Heq b b0 a Hin Hb0). }
    unfold mean_reward, mean_worth. rewrite !Ew. unfold X, Y.
    rewrite mean_minus, mean_scale, mean_const by apply (Hsx b0 Hb0). reflexivity.
  - intros a b t n Ha Hin Ht.
    destruct (all_some_in _ _ _ a E ltac:(apply in_seq; lia)) as [k Ek].
    destruct (column_correct sigma cell a k Ha Hb Ek) as [_ K]. now apply (K b t n).
Qed.

Lemma cells_bound_correct sigma alpha : forall cells ts z,
  (forall cell, In cell cells -> cell <> [] /\ (forall b, In b cell -> (b < B_ G)%nat) /\
    (forall b, In b cell -> simplex (alpha b) (seq 0 (A_ G))) /\
    (forall b b' a, In b cell -> In b' cell -> alpha b a = alpha b' a)) ->
  cells_bound after lam sigma h s cells ts = Some z ->
  rsum (cell_sum sigma alpha) cells <= IZR z / unit p /\
  forall cell a b t n, In cell cells -> (a < A_ G)%nat -> In b cell ->
    In (t, n) (numerators (P_at G h s a b)) -> known after t.
Proof.
  induction cells as [|cell cells IH]; intros [|tree ts] z; simpl; try discriminate.
  - intros _ H; injection H as <-. split; [unfold Rdiv; lra|tauto].
  - intros Hcell. destruct (cell_bound _ _ _ _ _ cell tree) as [y|] eqn:Ey; [|discriminate].
    destruct (cells_bound _ _ _ _ _ cells ts) as [w|] eqn:Ew; [|discriminate].
    intros H; injection H as <-.
    destruct (IH ts w) as [I1 I2]; [intros; apply Hcell; now right|assumption|].
    destruct (Hcell cell (or_introl eq_refl)) as (H1 & H2 & H3 & H4).
    destruct (cell_bound_correct sigma cell tree y alpha H1 H2 H3 H4 Ey) as [C1 C2].
    split.
    + rewrite plus_IZR. unfold Rdiv in *. lra.
    + intros cell' a b t n [<-|Hin]; [apply C2|now apply I2].
Qed.

(** Dinkelbach's test: the quotient is at most [L] if the sum is at most 0. *)
Lemma quotient_le (f w : nat -> R) l M : l <> [] ->
  rsum (fun b => exp (f b) * (w b - M)) l <= 0 ->
  rsum (fun b => exp (f b) * w b) l / rsum (fun b => exp (f b)) l <= M.
Proof.
  intros Hl H. assert (HZ : 0 < rsum (fun b => exp (f b)) l) by (apply rsum_pos; auto using exp_pos).
  apply Rmult_le_reg_r with (rsum (fun b => exp (f b)) l); [assumption|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  rewrite (rsum_ext _ (fun b => exp (f b) * w b - M * exp (f b))) in H by (intros; ring).
  rewrite rsum_minus, rsum_scale in H. lra.
Qed.
End Bound.

Definition admissible_here (alpha : nat -> nat -> R) : Prop :=
  (forall b, (b < B_ G)%nat -> simplex (alpha b) (seq 0 (A_ G))) /\
  (forall cell b b' a, In cell (observes_ G) -> In b cell -> In b' cell -> alpha b a = alpha b' a).

Theorem node_bounded_correct after h v g (next : nat -> R) alpha :
  (h < H_ G)%nat -> stands_for after g ->
  (forall s, known after s -> next s <= g s) -> admissible_here alpha ->
  node_bounded after h v = true -> stage_value G alpha h (state v) next <= Q2R (bound v).
Proof.
  intros Hh Hg Hn [Hsx Heq]. unfold node_bounded. rewrite andb_true_iff. intros [Hs E].
  apply Nat.ltb_lt in Hs. destruct (cells_bound _ _ _ _ _ _ _) as [z|] eqn:Ez; [|discriminate].
  apply Z.leb_le in E. destruct (game_facts G HG) as (_ & Hpt & HA & HB & _ & _ & HP).
  destruct (cells_bound_correct h (state v) after g Hh Hs Hg (enclose p (bound v)) (Q2R (bound v))
    (enclose_correct p Hp _) (shift v) alpha (observes_ G) (trees v) z) as [Hsum Hknown]; [|exact Ez|].
  { intros cell Hc'. split; [now apply (partition_nonempty (B_ G) (observes_ G))|].
    split; [intros b Hb; now apply (partition_member (B_ G) (observes_ G) cell)|].
    split; [intros b Hb; apply Hsx; now apply (partition_member (B_ G) (observes_ G) cell)|].
    intros b b' a. now apply Heq. }
  apply Rle_trans with (stage_value G alpha h (state v) g).
  - unfold stage_value. apply Rmult_le_compat_r.
    { apply Rlt_le, Rinv_0_lt_compat, rsum_pos; [|intros; apply exp_pos]. destruct (B_ G); [lia|discriminate]. }
    apply rsum_le. intros b Hb. apply in_seq in Hb. apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|].
    assert (Hb' : (b < B_ G)%nat) by lia.
    apply mean_le; [apply (Hsx b Hb')|]. intros a Ha. apply in_seq in Ha. apply Rplus_le_compat_l.
    unfold row_mean. apply rsum_le. intros [t n] Hin. cbn [fst snd].
    apply Rmult_le_compat_l.
    + apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat, IZR_lt; reflexivity].
      apply IZR_le. apply (is_row_nonnegative (S_ G) (P_at G h (state v) a b)) with (t := t); [apply HP; lia|assumption].
    + apply Hn. assert (Hcell : exists cell, In cell (observes_ G) /\ In b cell).
      { apply in_concat. unfold is_partition in Hpt. rewrite !andb_true_iff in Hpt.
        destruct Hpt as [[[Hd Hall] Hlen] _]. apply Nat.eqb_eq in Hlen. apply distinct_NoDup in Hd.
        rewrite forallb_forall in Hall.
        apply (NoDup_length_incl Hd (l' := seq 0 (B_ G))); [rewrite seq_length; lia| |apply in_seq; lia].
        intros x Hx. apply in_seq. apply Hall, Nat.ltb_lt in Hx. lia. }
      destruct Hcell as (cell & Hc1 & Hc2). apply (Hknown cell a b t n); auto. lia.
  - unfold stage_value. apply quotient_le; [destruct (B_ G); [lia|discriminate]|].
    assert (Hz : IZR z / unit p <= 0).
    { apply IZR_le in E. apply Rmult_le_reg_r with (unit p); [assumption|].
      unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
    rewrite (rsum_cells (B_ G) (observes_ G)) by assumption.
    rewrite (rsum_ext _ (fun cell => exp (IZR (shift v)) *
      cell_sum h (state v) g (Q2R (bound v)) (shift v) alpha cell)).
    + rewrite rsum_scale. pose proof (exp_pos (IZR (shift v))). nra.
    + intros cell _. unfold cell_sum. rewrite <- rsum_scale. apply rsum_ext. intros b _.
      rewrite <- Rmult_assoc, <- exp_plus. f_equal. f_equal. ring.
Qed.

(** *** The value of the certificate's policy *)
Definition mixture (w : row) (f : nat -> option interval) : option interval := row_interval w f.

Definition sums (after : after_type) (h : nat) (v : node) (b : nat) : option (interval * interval) :=
  let w := cell_row (observes_ G) (plan v) b in
  match mixture w (fun a => Some (scaled_reward h (state v) a b)),
        mixture w (fun a => continuation after h (state v) a b) with
  | Some x, Some y => Some (x, y)
  | _, _ => None
  end.

Fixpoint numerator (shift : Z) (l : list (interval * interval)) : option (interval * interval) :=
  match l with
  | [] => Some (zero, zero)
  | (x, y) :: t => match exp_interval p (exps c) (shift_by p shift x), numerator shift t with
                   | Some e, Some (n, d) => Some (add (mul p e y) n, add e d)
                   | _, _ => None
                   end
  end.

Definition node_value (after : after_type) (h : nat) (v : node) : option interval :=
  match all_some (sums after h v) (seq 0 (B_ G)) with
  | Some l =>
      let shift := Z.shiftr (fold_left (fun m xy => Z.max m (fst (fst xy))) l (fst (fst (hd (zero, zero) l)))) p in
      match numerator shift l with
      | Some (n, d) => if (0 <? fst d)%Z then Some (quotient p n d) else None
      | None => None
      end
  | None => None
  end.

Lemma numerator_correct sigma (x y : nat -> R) bs l : forall n d,
  Forall2 (fun b xy => encloses p (fst xy) (x b) /\ encloses p (snd xy) (y b)) bs l ->
  numerator sigma l = Some (n, d) ->
  encloses p n (rsum (fun b => exp (x b - IZR sigma) * y b) bs) /\
  encloses p d (rsum (fun b => exp (x b - IZR sigma)) bs).
Proof.
  intros n d F. revert n d. induction F as [|b xy bs l [Hx Hy] _ IH]; simpl; intros n d.
  - intros H; injection H as <- <-. split; apply zero_correct.
  - destruct xy as [i j]. cbn [fst snd] in *.
    destruct (exp_interval p (exps c) _) as [e|] eqn:Ee; [|discriminate].
    destruct (numerator sigma l) as [[n' d']|]; [|discriminate]. intros H; injection H as <- <-.
    destruct (IH n' d' eq_refl) as [I1 I2].
    apply (exp_interval_correct p Hp (exps c) _ (x b - IZR sigma)) in Ee; [|apply Hc|now apply shift_by_correct].
    destruct Ee as [_ Ee]. split; apply add_correct; try assumption. now apply mul_correct.
Qed.

Lemma node_value_correct after h v g i : (h < H_ G)%nat -> (state v < S_ G)%nat ->
  forallb (is_row (A_ G)) (map (cell_row (observes_ G) (plan v)) (seq 0 (B_ G))) = true ->
  stands_for after g -> node_value after h v = Some i ->
  encloses p i (stage_value G (fun b => mass (cell_row (observes_ G) (plan v) b)) h (state v) g).
Proof.
  intros Hh Hs Hrows Hg. unfold node_value. rewrite forallb_forall in Hrows.
  destruct (all_some _ _) as [l|] eqn:E; [|discriminate].
  set (sigma := Z.shiftr _ p). destruct (numerator sigma l) as [[n d]|] eqn:En; [|discriminate].
  destruct (Z.ltb_spec 0 (fst d)) as [Hd|]; [|discriminate]. intros H; injection H as <-.
  set (alpha := fun b => mass (cell_row (observes_ G) (plan v) b)).
  assert (Hrow : forall b, (b < B_ G)%nat -> is_row (A_ G) (cell_row (observes_ G) (plan v) b) = true).
  { intros b Hb. apply Hrows, in_map, in_seq. lia. }
  assert (F : Forall2 (fun b xy => encloses p (fst xy) (Q2R (finite_eta G) * mean_reward G alpha h (state v) b) /\
      encloses p (snd xy) (mean_worth G alpha h (state v) g b)) (seq 0 (B_ G)) l).
  { apply all_some_Forall2 in E. apply (Forall2_weaken _ _ _ _ E). intros b xy Hb Exy.
    apply in_seq in Hb. assert (Hin : (b < B_ G)%nat) by lia.
    specialize (Hrow b Hin). unfold sums, mixture in Exy.
    pose proof (is_row_nonnegative _ _ Hrow) as Hnn.
    destruct (row_interval _ (fun a => Some _)) as [x|] eqn:Ex; [|discriminate].
    destruct (row_interval _ (fun a => continuation _ _ _ _ _)) as [y|] eqn:Ey; [|discriminate].
    injection Exy as <-. cbn [fst snd].
    apply (row_interval_correct _ _ (fun a => Q2R (finite_eta G) * Q2R (r_at G h (state v) a b))) in Ex; [|assumption|].
    2:{ intros t m w _ H; injection H as <-. apply scaled_reward_correct. }
    apply (row_interval_correct _ _ (fun a => Q2R (u_at G h (state v) a b) + row_mean (P_at G h (state v) a b) g)) in Ey;
      [|assumption|].
    2:{ intros t m w Ht H. apply (continuation_correct after g) in H; [apply H| |assumption].
        apply row_here; try assumption. now apply (is_row_size _ _ t m Hrow). }
    destruct Ex as [Ex _], Ey as [Ey _]. split.
    - apply encloses_ext with (2 := Ex). unfold mean_reward, alpha. rewrite <- mean_scale.
      symmetry. now apply mean_mass.
    - apply encloses_ext with (2 := Ey). unfold mean_worth, alpha. symmetry. now apply mean_mass. }
  destruct (numerator_correct sigma _ _ _ l n d F En) as [Nn Nd].
  apply encloses_ext with (2 := quotient_correct p Hp n d _ _ Hd Nn Nd). unfold stage_value.
  set (e := exp (- IZR sigma)).
  assert (He : 0 < e) by apply exp_pos.
  rewrite (rsum_ext (fun b => exp (_ - _) * _) (fun b => e * (exp (Q2R (finite_eta G) * mean_reward G alpha h (state v) b) *
    mean_worth G alpha h (state v) g b))).
  2:{ intros b _. unfold e. rewrite <- Rmult_assoc, <- exp_plus. f_equal. f_equal. ring. }
  rewrite (rsum_ext (fun b => exp (_ - _)) (fun b => e * exp (Q2R (finite_eta G) * mean_reward G alpha h (state v) b))).
  2:{ intros b _. unfold e. rewrite <- exp_plus. f_equal. ring. }
  rewrite !rsum_scale. field. split; [|lra]. apply Rgt_not_eq, rsum_pos; [|intros; apply exp_pos].
  destruct (game_facts G HG) as (_ & _ & _ & HB & _). destruct (B_ G); [lia|discriminate].
Qed.
End Node.
End Precision.
