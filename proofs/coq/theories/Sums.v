(** Finite sums and means of reals over lists, and what exp and ln do to means.

    Index sets are lists: [rsum f l] is the sum of [f] over [l], [mean w f l] the sum of [w a * f a],
    and [simplex w l] says that [w] is a probability vector on [l]. *)
From Coq Require Import Reals List Lra Lia Permutation PeanoNat Bool.
Import ListNotations.
Open Scope R_scope.

Section Sums.
Context {X : Type}.

Fixpoint rsum (f : X -> R) (l : list X) : R :=
  match l with [] => 0 | a :: t => f a + rsum f t end.

Lemma rsum_ext f g l : (forall a, In a l -> f a = g a) -> rsum f l = rsum g l.
Proof.
  induction l as [|a t IH]; simpl; intros H; [reflexivity|].
  rewrite (H a) by auto. rewrite IH; auto.
Qed.

Lemma rsum_plus f g l : rsum (fun a => f a + g a) l = rsum f l + rsum g l.
Proof. induction l as [|a t IH]; simpl; [lra|]. rewrite IH; lra. Qed.

Lemma rsum_minus f g l : rsum (fun a => f a - g a) l = rsum f l - rsum g l.
Proof. induction l as [|a t IH]; simpl; [lra|]. rewrite IH; lra. Qed.

Lemma rsum_scale c f l : rsum (fun a => c * f a) l = c * rsum f l.
Proof. induction l as [|a t IH]; simpl; [lra|]. rewrite IH; lra. Qed.

Lemma rsum_scale_r c f l : rsum (fun a => f a * c) l = rsum f l * c.
Proof. induction l as [|a t IH]; simpl; [lra|]. rewrite IH; lra. Qed.

Lemma rsum_le f g l : (forall a, In a l -> f a <= g a) -> rsum f l <= rsum g l.
Proof.
  induction l as [|a t IH]; simpl; intros H; [lra|].
  apply Rplus_le_compat; [apply H|apply IH; intros]; auto.
Qed.

Lemma rsum_zero l : rsum (fun _ => 0) l = 0.
Proof. induction l; simpl; lra. Qed.

Lemma rsum_nonneg f l : (forall a, In a l -> 0 <= f a) -> 0 <= rsum f l.
Proof. intros H. rewrite <- (rsum_zero l). now apply rsum_le. Qed.

Lemma rsum_pos f l : l <> [] -> (forall a, In a l -> 0 < f a) -> 0 < rsum f l.
Proof.
  destruct l as [|a t]; [congruence|]; simpl; intros _ H.
  assert (0 <= rsum f t) by (apply rsum_nonneg; intros; apply Rlt_le, H; auto).
  specialize (H a (or_introl eq_refl)). lra.
Qed.

Lemma rsum_abs f l : Rabs (rsum f l) <= rsum (fun a => Rabs (f a)) l.
Proof.
  induction l as [|a t IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Lemma rsum_app f l m : rsum f (l ++ m) = rsum f l + rsum f m.
Proof. induction l as [|a t IH]; simpl; [lra|]. rewrite IH; lra. Qed.

Lemma rsum_permutation f l m : Permutation l m -> rsum f l = rsum f m.
Proof. induction 1; simpl; lra. Qed.

(** Sums of terms that are ordered, and equal in total, are equal term by term. *)
Lemma rsum_equal_terms f g l : (forall a, In a l -> f a <= g a) -> rsum g l <= rsum f l ->
  forall a, In a l -> f a = g a.
Proof.
  induction l as [|a t IH]; simpl; intros H Hs b; [tauto|].
  assert (rsum f t <= rsum g t) by (apply rsum_le; auto).
  assert (f a <= g a) by auto.
  intros [<-|Hb]; [lra|]. apply IH; auto. lra.
Qed.

(** ** Probability vectors and means *)
Definition simplex (w : X -> R) (l : list X) : Prop :=
  (forall a, In a l -> 0 <= w a) /\ rsum w l = 1.

Definition mean (w f : X -> R) (l : list X) : R := rsum (fun a => w a * f a) l.

Lemma mean_ext w f g l : (forall a, In a l -> f a = g a) -> mean w f l = mean w g l.
Proof. intros H. apply rsum_ext; intros. now rewrite H. Qed.

Lemma mean_le w f g l :
  (forall a, In a l -> 0 <= w a) -> (forall a, In a l -> f a <= g a) -> mean w f l <= mean w g l.
Proof. intros Hw H. apply rsum_le; intros. apply Rmult_le_compat_l; auto. Qed.

Lemma mean_const w c l : rsum w l = 1 -> mean w (fun _ => c) l = c.
Proof. intros H. unfold mean. rewrite rsum_scale_r, H. lra. Qed.

Lemma mean_plus w f g l : mean w (fun a => f a + g a) l = mean w f l + mean w g l.
Proof. unfold mean. rewrite <- rsum_plus. apply rsum_ext; intros; ring. Qed.

Lemma mean_minus w f g l : mean w (fun a => f a - g a) l = mean w f l - mean w g l.
Proof. unfold mean. rewrite <- rsum_minus. apply rsum_ext; intros; ring. Qed.

Lemma mean_scale w c f l : mean w (fun a => c * f a) l = c * mean w f l.
Proof. unfold mean. rewrite <- rsum_scale. apply rsum_ext; intros; ring. Qed.

Lemma mean_sum w f l : mean w f l = rsum (fun a => w a * f a) l.
Proof. reflexivity. Qed.

(** A mean lies between the bounds of its terms. *)
Lemma mean_upper w f M l : simplex w l -> (forall a, In a l -> f a <= M) -> mean w f l <= M.
Proof. intros [Hw H1] H. rewrite <- (mean_const w M l H1). now apply mean_le. Qed.

Lemma mean_lower w f m l : simplex w l -> (forall a, In a l -> m <= f a) -> m <= mean w f l.
Proof. intros [Hw H1] H. rewrite <- (mean_const w m l H1). now apply mean_le. Qed.

Lemma simplex_nonempty w l : simplex w l -> l <> [].
Proof. intros [_ H] ->. simpl in H. lra. Qed.

(** ... and strictly below a strict bound, as there are finitely many. *)
Lemma below_strictly (f : X -> R) M l : (forall a, In a l -> f a < M) ->
  exists m, m < M /\ forall a, In a l -> f a <= m.
Proof.
  induction l as [|a t IH]; intros H.
  - exists (M - 1). split; [lra|now intros b H0].
  - destruct IH as (m & Hm & Ht); [now intros b Hb; apply H; right|].
    exists (Rmax m (f a)). split.
    + apply Rmax_lub_lt; [assumption|apply H; now left].
    + intros b [<-|Hb]; [apply Rmax_r|eapply Rle_trans; [apply Ht, Hb|apply Rmax_l]].
Qed.

Lemma mean_strict w f M l : simplex w l -> (forall a, In a l -> f a < M) -> mean w f l < M.
Proof.
  intros Hw H. destruct (below_strictly f M l H) as (m & Hm & Ht).
  apply Rle_lt_trans with m; [now apply mean_upper|assumption].
Qed.
End Sums.

(** ** Comparisons, and the largest of finitely many *)
Definition at_most (x y : R) : bool := if Rle_dec x y then true else false.

Lemma at_most_true x y : at_most x y = true <-> x <= y.
Proof. unfold at_most. destruct (Rle_dec x y); split; intros; try assumption; try reflexivity; [discriminate|contradiction]. Qed.

Lemma at_most_false x y : at_most x y = false <-> y < x.
Proof. unfold at_most. destruct (Rle_dec x y); split; intros; try reflexivity; try discriminate; lra. Qed.

Definition maximum {X} (f : X -> R) (l : list X) : R :=
  match l with [] => 0 | a :: t => fold_right (fun b m => Rmax (f b) m) (f a) t end.

Lemma maximum_cons {X} (f : X -> R) a b t : maximum f (a :: b :: t) = Rmax (f b) (maximum f (a :: t)).
Proof. reflexivity. Qed.

Lemma maximum_above {X} (f : X -> R) l b : In b l -> f b <= maximum f l.
Proof.
  destruct l as [|a t]; [easy|]. induction t as [|d t IH]; [intros [->|[]]; simpl; lra|].
  rewrite maximum_cons. pose proof (Rmax_l (f d) (maximum f (a :: t))). pose proof (Rmax_r (f d) (maximum f (a :: t))).
  intros [->|[->|Hb]]; [|assumption|].
  - specialize (IH (or_introl eq_refl)). lra.
  - specialize (IH (or_intror Hb)). lra.
Qed.

Lemma maximum_attained {X} (f : X -> R) l : l <> [] -> exists b, In b l /\ f b = maximum f l.
Proof.
  destruct l as [|a t]; [easy|]. intros _. induction t as [|d t IH]; [exists a; simpl; auto|].
  rewrite maximum_cons. destruct IH as (b & Hb & E). unfold Rmax. destruct (Rle_dec _ _) as [H|H].
  - exists b. split; [|exact E]. simpl in *. tauto.
  - exists d. split; [simpl; auto|reflexivity].
Qed.

Lemma rsum_map {X Y} (g : X -> Y) (f : Y -> R) l : rsum f (map g l) = rsum (fun a => f (g a)) l.
Proof. induction l as [|a t IH]; simpl; [reflexivity|]. now rewrite IH. Qed.

Lemma rsum_concat {X} (f : X -> R) ls : rsum f (concat ls) = rsum (fun l => rsum f l) ls.
Proof. induction ls as [|l t IH]; simpl; [reflexivity|]. now rewrite rsum_app, IH. Qed.

Lemma rsum_swap {X Y} (f : X -> Y -> R) l m :
  rsum (fun a => rsum (f a) m) l = rsum (fun b => rsum (fun a => f a b) l) m.
Proof.
  induction l as [|a t IH]; simpl; [symmetry; apply rsum_zero|].
  now rewrite IH, rsum_plus.
Qed.

(** A sum whose terms vanish but at one place. *)
Lemma rsum_single l i c : NoDup l -> In i l -> rsum (fun a => if (a =? i)%nat then c else 0) l = c.
Proof.
  induction l as [|a t IH]; simpl; intros Hn Hi; [tauto|].
  inversion_clear Hn. destruct (Nat.eqb_spec a i) as [->|Hne].
  - rewrite (rsum_ext _ (fun _ => 0)); [rewrite rsum_zero; lra|].
    intros b Hb. destruct (Nat.eqb_spec b i) as [->|]; [contradiction|reflexivity].
  - rewrite IH; [lra|assumption|]. destruct Hi; [contradiction|assumption].
Qed.

(** ** exp and ln *)
Lemma exp_mono a b : a <= b -> exp a <= exp b.
Proof. intros [H| ->]; [apply Rlt_le, exp_increasing, H|lra]. Qed.

Lemma ln_mono a b : 0 < a -> a <= b -> ln a <= ln b.
Proof. intros Ha [H| ->]; [apply Rlt_le, ln_increasing; lra|lra]. Qed.

Lemma exp_tangent z0 z : exp z0 * (1 + (z - z0)) <= exp z.
Proof.
  replace (exp z) with (exp z0 * exp (z - z0)) by (rewrite <- exp_plus; f_equal; ring).
  apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|apply exp_ineq1_le].
Qed.

Lemma ln_le_minus_1 w : 0 < w -> ln w <= w - 1.
Proof. intros H. pose proof (exp_ineq1_le (ln w)) as E. rewrite exp_ln in E; lra. Qed.

(** Jensen's inequality for the convex exp ... *)
Lemma exp_jensen {X} (w z : X -> R) l : simplex w l ->
  exp (mean w z l) <= mean w (fun a => exp (z a)) l.
Proof.
  intros [Hw H1]. set (z0 := mean w z l).
  apply Rle_trans with (mean w (fun a => exp z0 * (1 + (z a - z0))) l).
  - rewrite mean_scale, mean_plus, mean_minus, !mean_const by assumption. fold z0. lra.
  - apply mean_le; [assumption|]. intros; apply exp_tangent.
Qed.

Lemma mean_positive {X} (w z : X -> R) l : simplex w l -> (forall a, In a l -> 0 < z a) ->
  0 < mean w z l.
Proof.
  intros Hw Hz. apply Ropp_lt_cancel. rewrite Ropp_0.
  replace (- mean w z l) with (mean w (fun a => - z a) l).
  - apply mean_strict; [assumption|]. intros a Ha. specialize (Hz a Ha). lra.
  - rewrite (mean_ext w _ (fun a => (-1) * z a)) by (intros; ring). rewrite mean_scale. ring.
Qed.

(** ... and for the concave ln. *)
Lemma ln_jensen {X} (w z : X -> R) l : simplex w l -> (forall a, In a l -> 0 < z a) ->
  mean w (fun a => ln (z a)) l <= ln (mean w z l).
Proof.
  intros Hw Hz. pose proof (mean_positive w z l Hw Hz) as Hpos. destruct Hw as [Hw H1].
  set (m := mean w z l) in *.
  apply Rle_trans with (mean w (fun a => ln m + (/ m * z a - 1)) l).
  - apply mean_le; [assumption|]. intros a Ha. specialize (Hz a Ha).
    replace (z a) with (m * (z a / m)) at 1 by (field; lra).
    rewrite ln_mult by (try apply Rdiv_lt_0_compat; lra).
    pose proof (ln_le_minus_1 (z a / m) ltac:(apply Rdiv_lt_0_compat; lra)) as L.
    replace (/ m * z a) with (z a / m) by (field; lra). lra.
  - rewrite mean_plus, mean_minus, mean_scale, !mean_const by assumption. fold m.
    replace (/ m * m) with 1 by (field; lra). lra.
Qed.
